/** Calls of one replica in flight at most, and so its connections to the gateway: no permit waits for a socket. */
export const MOST_IN_FLIGHT = 64;
