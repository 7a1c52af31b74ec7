/**
 * The part of an answer that its signature covers, exactly as it was sent: from the first `{` after the
 * response's key to the last `}` before the last `"sign"`. Undefined where there is no such part.
 */
export function signedTextOf(answer: string, responseKey: string): string | undefined {
  const keyAt = answer.indexOf(`"${responseKey}"`);
  const signAt = answer.lastIndexOf('"sign"');
  if (keyAt < 0 || signAt < 0) return undefined;
  const start = answer.indexOf("{", keyAt);
  const end = answer.lastIndexOf("}", signAt);
  return start >= 0 && start < end ? answer.slice(start, end + 1) : undefined;
}

/** Alipay's Java SDK's rule: some answers escape `/` on the way although the text was signed without. */
export function isSignedText(
  text: string,
  signature: string,
  verify: (text: string, signature: string) => boolean,
): boolean {
  if (verify(text, signature)) return true;
  return text.includes("\\/") && verify(text.replaceAll("\\/", "/"), signature);
}
