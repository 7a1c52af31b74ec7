import { z } from "zod";

/** Of claim.lua. The usual reply first: one that does not fit costs more than one that does. */
export const claimReplySchema = z.union([
  z.tuple([
    z.literal("claimed"),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.string().nullable(),
    z.string().nullable(),
    z.number(),
    z.literal([0, 1]),
  ]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
  z.tuple([
    z.enum(["leased", "following"]),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
  ]),
  z.tuple([z.literal("conflict"), z.number()]),
]);

/** Of sent.lua. */
export const sentReplySchema = z.union([
  z.tuple([z.literal("recorded"), z.number(), z.number(), z.number()]),
  z.tuple([z.literal("unaffordable"), z.enum(["day", "month"]), z.number(), z.number(), z.number()]),
  z.tuple([z.literal("withdrawn")]),
  z.tuple([z.literal("lost")]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);

/** Of store.lua. */
export const storeReplySchema = z.union([
  z.tuple([z.literal("stored")]),
  z.tuple([z.literal("recount"), z.number()]),
  z.tuple([z.literal("conflict"), z.number()]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);
