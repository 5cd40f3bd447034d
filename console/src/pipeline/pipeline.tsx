export default function Pipeline() {
  return <h1>pipeline</h1>;
}
