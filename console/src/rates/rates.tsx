export default function Rates() {
  return <h1>rates</h1>;
}
