import type { FramesResult } from 'despoof';
import { DespoofCheck } from 'despoof/react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function App() {
  const [result, setResult] = useState<FramesResult>();
  return (
    <>
      <DespoofCheck backend="cpu" onResult={setResult} />
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
