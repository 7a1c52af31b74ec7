import { errorFields } from "../../shared/process/error-fields.ts";
import { complain } from "./complain.ts";

/**
 * Ends quietly when nobody reads the results any more (`| head`), and with a line that says why when they cannot be
 * written (a full disk). Goes on when nobody reads the rest.
 */
export function heedOutputErrors(): void {
  process.stdout.on("error", (error) => {
    const { code, message } = errorFields(error);
    if (code === "EPIPE") process.exit();
    complain(new Error(`standard output cannot be written: ${message}`, { cause: error }));
    process.exit(1);
  });
  process.stderr.on("error", () => undefined);
}
