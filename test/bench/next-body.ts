/** So many users take turns. */
export const USERS = 1_000;

/** A user's id. */
export const userId = (number: number): string => `2088-${number % USERS}`;

/** The transaction with this number, as a producer writes it. */
export const nextBody = (number: number) => ({
  schemaVersion: 1,
  transactionId: `t-${number}`,
  rail: "alipay",
  userId: userId(number),
  merchantId: "store-17",
  merchantCategoryCode: "5411",
  amount: { value: "128.50", currency: "CNY" },
  deviceFingerprint: "9f86d081884c7d659a2feaa0c55ad015",
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  occurredAt: "2026-11-23T08:00:00+08:00",
  metadata: { channel: "app" },
});
