// Node's ws: the same commands as _live_server.py.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.argv[2])("ws");
const SIZE = 760;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
let turn = 0;

const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
const text = (n) => `{"n":${n},"turn":${turn},"${"x".repeat(SIZE - 40)}":0}`;

function push() {
  turn += 1;
  const sockets = [...server.clients];
  const texts = sockets.map((_, n) => text(n));
  const wall = performance.now();
  const cpu = process.cpuUsage();
  sockets.forEach((socket, n) => socket.send(texts[n]));
  setImmediate(() => {
    const used = process.cpuUsage(cpu);
    say({ wall: (performance.now() - wall) / 1e3, cpu: (used.user + used.system) / 1e6 });
  });
}

server.on("listening", () => say(server.address().port));
createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "push") push();
  else if (line === "count") say(server.clients.size);
  else if (line === "memory") say(process.memoryUsage().rss);
  else say(process.cpuUsage().user / 1e6);
});
