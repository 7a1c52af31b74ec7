/** What a worker's Node.js is started with, wherever we start it. */
export const NODE_FLAGS = ["--max-semi-space-size=16"];
