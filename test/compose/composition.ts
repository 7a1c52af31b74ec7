import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = ["docker-compose.yml", "test/compose/build-on-host-network.yml"];
const MOST_OUTPUT_BYTES = 64 * 1_024 * 1_024;

const run = promisify(execFile);

/** `docker-compose.yml` as an operator runs it: a project of its own, on free ports. */
export class Composition {
  readonly project = `riskline-test-${randomBytes(4).toString("hex")}`;
  readonly #env: NodeJS.ProcessEnv;

  /** `settings`: variables for the compose file. */
  constructor(settings: Readonly<Record<string, string>>) {
    const anyPort = {
      RABBITMQ_PORT: "",
      RABBITMQ_MANAGEMENT_PORT: "",
      REDIS_PORT: "",
      SANDBOX_PORT: "",
    };
    this.#env = { ...process.env, ...anyPort, ...settings };
  }

  /** `docker compose …`; gives standard output. Rejects, with both outputs, where it fails. */
  async compose(...args: string[]): Promise<string> {
    return (await run("docker", this.#arguments(args), this.#options)).stdout;
  }

  /** `up` with so many workers, until all are healthy; rejects with what those say that are not. */
  async up(workers: number): Promise<void> {
    try {
      await this.compose("up", "--detach", "--wait", "--scale", `worker=${workers}`);
    } catch (error) {
      const log = await this.compose("logs", "--tail", "20", "worker");
      const ids = (await this.compose("ps", "--all", "--quiet")).trim().split("\n");
      const health = await this.docker("inspect", "--format", "{{.Name}} {{json .State.Health}}", ...ids);
      throw new Error(`not up:\n${log}\n${health}`, { cause: error });
    }
  }

  /** The same with something on standard input. */
  async feed(input: string, ...args: string[]): Promise<string> {
    const running = run("docker", this.#arguments(args), this.#options);
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  /** The log of a service from now on until its containers end. */
  async logUntilTheEnd(service: string): Promise<string> {
    const args = this.#arguments(["logs", "--follow", "--no-log-prefix", service]);
    const child = spawn("docker", args, { ...this.#options, stdio: ["ignore", "pipe", "inherit"] });
    // Compose rubs lines out even where no terminal is.
    return stripVTControlCharacters(await text(child.stdout));
  }

  /** `docker …`, without Compose. */
  async docker(...args: string[]): Promise<string> {
    return (await run("docker", args, this.#options)).stdout.trim();
  }

  /** The containers of a service that run. */
  async containers(service: string): Promise<string[]> {
    return (await this.compose("ps", "--quiet", service)).trim().split("\n");
  }

  /** Where a port of a service is on this machine. */
  async address(service: string, port: number, index = 1): Promise<string> {
    return (await this.compose("port", "--index", String(index), service, String(port))).trim();
  }

  /** What there is of this project: containers, volumes, networks, images. */
  async leftovers(): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${this.project}`;
    const lists = await Promise.all([
      this.docker("ps", "--all", "--quiet", "--filter", filter),
      this.docker("volume", "ls", "--quiet", "--filter", filter),
      this.docker("network", "ls", "--quiet", "--filter", filter),
      this.#images().then((images) => images.join("\n")),
    ]);
    return lists.filter((list) => list !== "");
  }

  async remove(): Promise<void> {
    await this.compose("down", "--volumes", "--remove-orphans", "--timeout", "5");
    // One after the other: both are names of the same image.
    for (const image of await this.#images()) await this.docker("image", "rm", image);
  }

  async #images(): Promise<string[]> {
    const names = await this.docker("images", "--format", "{{.Repository}}", `${this.project}-*`);
    return names.split("\n").filter((name) => name !== "");
  }

  get #options() {
    return { cwd: ROOT, env: this.#env, maxBuffer: MOST_OUTPUT_BYTES };
  }

  #arguments(args: readonly string[]): string[] {
    const files = FILES.flatMap((file) => ["--file", file]);
    return ["compose", "--project-name", this.project, ...files, ...args];
  }
}
