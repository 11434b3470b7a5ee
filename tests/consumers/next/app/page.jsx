import { DespoofCheck } from 'despoof/react';

export default function Page() {
  return <DespoofCheck backend="cpu" />;
}
