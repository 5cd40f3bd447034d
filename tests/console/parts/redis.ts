// The stack's Redis, for what only a run of the ingestor would write.
import { connect } from "node:net";

/** One command of Redis's own protocol (RESP), over a connection of its own; gives the first line of the answer. */
export async function redis(...words: readonly string[]): Promise<string> {
  const url = process.env.HWANYUL_REDIS_URL;
  if (!url) throw new Error("HWANYUL_REDIS_URL is missing: the stack's Redis, such as redis://127.0.0.1:6379");
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once("data", (bytes) => resolve(bytes.toString()));
      socket.once("error", reject);
    });
    if (answer.startsWith("-")) throw new Error(answer);
    return answer.split("\r\n", 1)[0] ?? "";
  } finally {
    socket.destroy();
  }
}
