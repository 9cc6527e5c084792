/**
 * The hash functions for the sums that other tools keep beside their migrations, from Node's `crypto`.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import type { Hashes } from "../core/layout/Listing.js"

/** @since 0.1.0 @category hashing */
export const hashes: Hashes = {
  sha1: (text) => createHash("sha1").update(text, "utf8").digest("hex"),
  sha256: () => {
    const hash = createHash("sha256")
    return {
      add: (text) => {
        hash.update(text, "utf8")
      },
      base64: () => hash.copy().digest("base64")
    }
  }
}
