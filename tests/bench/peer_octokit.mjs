// A peer for the benchmarks: Node's http with @octokit/webhooks, as its README uses it.
// Usage: node peer_octokit.mjs PORT SECRET_FILE
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { Webhooks, createNodeMiddleware } from "@octokit/webhooks";

const [port, secretFile] = process.argv.slice(2);
const webhooks = new Webhooks({ secret: readFileSync(secretFile, "utf8").trim() });
webhooks.on("push", () => {});
createServer(createNodeMiddleware(webhooks, { path: "/webhooks/github" })).listen(
  Number(port),
  "127.0.0.1",
);
