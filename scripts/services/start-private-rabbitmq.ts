import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { startPrivateServer } from "./private-server.ts";
import type { OwnServer, ServerSettings } from "./server.ts";

/** Debian's and Fedora's rabbitmq-server in the path insists on the system's user and folders; this one does not. */
const WITHOUT_WRAPPER = ["/usr/lib/rabbitmq/bin"];

/**
 * Erlang's name server would be started by the node as a daemon that outlives it; one that already runs in
 * the foreground, on a port of its own, belongs to the server's process group and goes with it.
 */
const WITH_ITS_NAME_SERVER = 'epmd & exec "$0"';

/** Starts the RabbitMQ that is installed, if one is, without plugins. */
export async function startPrivateRabbitmq(
  settings: ServerSettings,
  signal: AbortSignal | undefined,
): Promise<OwnServer | undefined> {
  const program = findProgram("rabbitmq-server", WITHOUT_WRAPPER);
  if (program === undefined) return undefined;
  const [port, nodePort, nameServerPort] = [await freePort(), await freePort(), await freePort()];
  const all = { "listeners.tcp.1": `127.0.0.1:${port}`, ...settings };
  return startPrivateServer(
    {
      name: "rabbitmq",
      url: `amqp://127.0.0.1:${port}`,
      files: {
        "rabbitmq.conf": Object.entries(all)
          .map(([name, value]) => `${name} = ${value}\n`)
          .join(""),
        enabled_plugins: "[].\n",
      },
      command: ["sh", "-c", WITH_ITS_NAME_SERVER, program],
      toolFolders: WITHOUT_WRAPPER,
      environment: (folder) => ({
        ...process.env,
        ...nodeVariables(folder, port, nodePort),
        HOME: folder, // the node's cookie is made there
        ERL_EPMD_ADDRESS: "127.0.0.1",
        ERL_EPMD_PORT: String(nameServerPort),
        ERL_AFLAGS: "-kernel inet_dist_use_interface {127,0,0,1}",
      }),
    },
    signal,
  );
}

/** Everything that could point outside the folder is set, so that no setting of the system's own server counts. */
function nodeVariables(folder: string, port: number, nodePort: number): Record<string, string> {
  return {
    RABBITMQ_NODENAME: `riskline-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(nodePort),
    RABBITMQ_CONF_ENV_FILE: `${folder}/none`,
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_CONFIG_FILES: `${folder}/none`,
    RABBITMQ_ADVANCED_CONFIG_FILE: `${folder}/none`,
    RABBITMQ_GENERATED_CONFIG_DIR: `${folder}/generated`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
    RABBITMQ_MNESIA_BASE: `${folder}/data`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_PID_FILE: `${folder}/pid`,
  };
}
