/**
 * The cryptographic hash functions from Node's `crypto`: one for checksums and the hash chain, and one for the hashes that other tools
 * record of files. The core takes them as arguments.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import type { Digests } from "../core/adoption/FileHash.js"
import type { Digest } from "../core/text/Checksum.js"

/**
 * SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal.
 *
 * @since 0.1.0
 * @category hashing
 */
export const sha256: Digest = (text) => createHash("sha256").update(text, "utf8").digest("hex")

/** @since 0.1.0 @category hashing */
export const digest: Digests = (algorithm, content, encoding) => createHash(algorithm).update(content).digest(encoding)
