export default function Currency() {
  return <h1>currency</h1>;
}
