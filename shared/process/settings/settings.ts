import {
  applicationSettings,
  callSettings,
  credentialSettings,
  quotaSettings,
  spendingSettings,
} from "./alipay-settings.ts";
import {
  brokerSettings,
  installationSettings,
  journalSettings,
  redisSettings,
  workerSettings,
} from "./installation-settings.ts";
import { policySettings } from "./policy-settings.ts";
import type { Setting } from "./setting.ts";

/** Every setting there is, by the part of the program that needs it: a command asks for its parts only. */
export const SETTINGS = {
  installation: installationSettings,
  broker: brokerSettings,
  redis: redisSettings,
  journal: journalSettings,
  application: applicationSettings,
  credentials: credentialSettings,
  calls: callSettings,
  spending: spendingSettings,
  quota: quotaSettings,
  policy: policySettings,
  worker: workerSettings,
} as const;

/** A part of the settings. */
export type Section = keyof typeof SETTINGS;

const isSection = (name: string): name is Section => name in SETTINGS;

/** Every part, in the table's order. */
export const ALL_SECTIONS: readonly Section[] = Object.keys(SETTINGS).filter(isSection);

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The values of all sections. */
export type AllSettings = {
  readonly [S in Section]: {
    readonly [Key in keyof (typeof SETTINGS)[S]]: ValueOf<(typeof SETTINGS)[S][Key]>;
  };
};

/** Every row of the table, in its order. */
export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS).flatMap((section) =>
  Object.values<Setting<unknown>>(section),
);
