import { z } from "zod";

/** A hold of a kind that only a newer replica knows is a hold all the same. */
const heldBySchema = z.enum(["banned", "permission", "strikes", "operator"]).catch("permission");

/** The ledger's generation, whether replicas disagree on the quota, and Redis' time in ms. */
const head = [z.string(), z.number(), z.coerce.number()] as const;

/** Of permit.lua. */
export const permitReplySchema = z.union([
  z.tuple([...head, z.literal("granted"), z.coerce.number(), z.number()]).rest(z.coerce.number()),
  z.tuple([...head, z.literal("wait"), z.number(), z.number()]),
  z.tuple([...head, z.literal("later"), z.number()]),
  z.tuple([...head, z.literal("held"), heldBySchema, z.string(), z.number()]),
]);

/** Of heartbeat.lua: generation, Redis' time in ms, the overview's JSON, and what is to be remembered. */
export const heartbeatReplySchema = z.tuple([z.string(), z.coerce.number(), z.string()]).rest(z.unknown());
