/**
 * The one cryptographic function that checksums and the hash chain need; the core takes it as an argument.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import type { Digest } from "./core/Checksum.js"

/**
 * SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal.
 *
 * @since 0.1.0
 * @category hashing
 */
export const sha256: Digest = (text) => createHash("sha256").update(text, "utf8").digest("hex")
