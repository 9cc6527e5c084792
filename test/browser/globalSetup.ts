/** `npm run test:browser` installs nothing: it says what is missing, and fails. */
import * as Browser from "../support/browser/Browser.js"

export default function setup(): void {
  const complaint = Browser.missing()
  if (complaint !== undefined) throw new Error(complaint)
}
