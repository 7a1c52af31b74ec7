/** Loaded before a program that is measured: says on standard error, at its end, how much memory it took at most. */
process.on("exit", () => {
  process.stderr.write(`${Math.round(process.resourceUsage().maxRSS / 1_024)} MiB at most\n`);
});
