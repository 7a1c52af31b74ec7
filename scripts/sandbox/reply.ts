/** What leaves the gateway over HTTP. */
export type Reply =
  | { readonly kind: "reset" }
  | { readonly kind: "silence" }
  | {
      readonly kind: "text";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly pace: "whole" | "dribble" | "truncated";
    };
