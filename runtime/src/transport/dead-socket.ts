import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/**
 * Removes the file of a Unix socket that nobody listens on any more: a process that was killed leaves it
 * behind, and no other can listen there. The socket of a process that lives, and what is no socket, stays.
 */
export async function removeDeadSocket(path: string): Promise<void> {
  if (await isDeadSocket(path)) await unlink(path).catch(() => undefined); // listening tells what is wrong
}

async function isDeadSocket(path: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isSocket()) return false;
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  });
}
