import type { FramesResult, SessionState } from 'despoof';
import { DespoofCheck } from 'despoof/react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function App() {
  const [result, setResult] = useState<FramesResult>();
  // Renders anew with every state, and so with other options of the same content.
  const [state, setState] = useState<SessionState>();
  return (
    <>
      <DespoofCheck preload checkerOptions={{ backend: 'cpu' }} onStateChange={setState} onResult={setResult} />
      <p id="state">{state}</p>
      <p id="outcome">{result?.outcome}</p>
    </>
  );
}

// Strict mode mounts everything twice.
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
