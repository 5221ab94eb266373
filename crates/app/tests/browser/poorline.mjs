// A process of its own, since stories wait for commands: a port that leads to another one, each way
// so many milliseconds later. No datagrams go through it.

import net from "node:net";

const [port, ms] = process.argv.slice(2).map(Number);
const later = (from, to) => {
  from.on("data", (data) => setTimeout(() => to.writable && to.write(data), ms));
  from.on("close", () => setTimeout(() => to.destroy(), ms));
  from.on("error", () => {});
};
const line = net.createServer((near) => {
  const far = net.connect(port, "127.0.0.1");
  later(near, far);
  later(far, near);
});
line.listen(0, "127.0.0.1", () => console.log(line.address().port));
