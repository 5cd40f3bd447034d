export default function Ranking() {
  return <h1>ranking</h1>;
}
