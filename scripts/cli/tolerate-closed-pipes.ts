import { errorFields } from "../../shared/process/error-fields.ts";

/** Ends quietly when nobody reads the results any more (`| head`), and goes on when nobody reads the rest. */
export function tolerateClosedPipes(): void {
  process.stdout.on("error", (error) => {
    if (errorFields(error).code !== "EPIPE") throw error;
    process.exit();
  });
  process.stderr.on("error", () => undefined);
}
