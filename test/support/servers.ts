import { inject } from "vitest";

/** The servers that the whole test run shares. */
export const servers = () => ({ amqpUrl: inject("amqpUrl"), redisUrl: inject("redisUrl") });
