import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** One metric that an expression asks for, with what its labels must be. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
}

interface LabelMatcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** What an expression uses, wherever it stands in it. */
export interface Uses {
  readonly selectors: readonly Selector[];
  /** Labels that it groups or matches by. */
  readonly groupings: readonly string[];
}

/** Takes an expression of PromQL apart, with the grammar of Prometheus' own editor. @throws where it is not PromQL */
export function usesOf(expression: string): Uses {
  const tree = parser.parse(expression);
  const text = (node: SyntaxNode | null): string =>
    node === null ? "" : expression.slice(node.from, node.to);
  const selectors: Selector[] = [];
  const groupings: string[] = [];
  tree.iterate({
    enter({ type, node }) {
      if (type.isError) throw new Error(`not PromQL, at ${node.from}: ${expression}`);
      if (type.name === "GroupingLabels") groupings.push(...node.getChildren("LabelName").map(text));
      if (type.name !== "VectorSelector") return;
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      selectors.push({
        metric: text(node.getChild("Identifier")),
        matchers: matchers.map((matcher) => ({
          label: text(matcher.getChild("LabelName")),
          operator: text(matcher.getChild("MatchOp")),
          value: text(matcher.getChild("StringLiteral")).slice(1, -1),
        })),
      });
    },
  });
  return { selectors, groupings };
}
