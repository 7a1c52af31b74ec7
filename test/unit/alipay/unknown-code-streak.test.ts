import { expect, it } from "vitest";
import { UnknownCodeStreak } from "../../../shared/alipay/unknown-code-streak.ts";

/** Each item "code transaction", or "-" for any other answer; gives what was said of the last one. */
function lastOf(answers: string): boolean | undefined {
  const streak = new UnknownCodeStreak();
  let isSuspicious: boolean | undefined;
  for (const answer of answers.split(", ")) {
    const [code = "", transactionId = ""] = answer.split(" ");
    if (code === "-") streak.reset();
    else isSuspicious = streak.isSuspicious(code, transactionId);
  }
  return isSuspicious;
}

it.each([
  { answers: "X t1", expected: false },
  { answers: "X t1, X t2, X t3, X t4", expected: false },
  { answers: "X t1, X t2, X t3, X t4, X t5", expected: true },
  { answers: "X t1, X t2, X t3, X t4, X t5, X t1", expected: true },
  { answers: "X t1, X t2, X t3, X t4, X t4, X t4", expected: false },
  { answers: "X t1, X t2, X t3, X t4, Y t5", expected: false },
  { answers: "X t1, X t2, Y t3, X t4, X t5, X t6", expected: false },
  { answers: "X t1, X t2, X t3, X t4, -, X t5", expected: false },
  { answers: "X t1, X t2, X t3, X t4, X t5, -, X t6", expected: false },
  { answers: "X t1, X t2, X t3, X t4, X t5, Y t6", expected: false },
  { answers: "X t1, -, X t2, X t3, X t4, X t5, X t6", expected: true },
])("$answers: suspicious is $expected", ({ answers, expected }) => {
  expect(lastOf(answers)).toBe(expected);
});
