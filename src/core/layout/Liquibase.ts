/**
 * Refuses Liquibase's changelogs. A changelog is a language of its own, in XML, YAML, JSON or formatted SQL, with contexts,
 * preconditions and rollbacks; a part of one must not be taken for a migration.
 *
 * @internal
 */
import * as Either from "effect/Either"
import { UnsupportedLayout } from "../error/MigrationDefinitionError.js"
import type { Listing } from "./Listing.js"

/** @since 0.1.0 @category predicates */
export const mayBeChangelog = (path: string): boolean =>
  /\.(?:xml|ya?ml|json)$/i.test(path) && !/^meta\/|(?:^|\/)(?:package(?:-lock)?|[^/]*snapshot)\.json$/i.test(path)

/** @since 0.1.0 @category operations */
export const refused = (listing: Listing): Either.Either<void, UnsupportedLayout> => {
  const found = listing.paths.find((path) => isChangelog(listing, path))
  return found === undefined
    ? Either.right(undefined)
    : Either.left(
        new UnsupportedLayout({
          layout: "Liquibase",
          file: listing.nameOf(found),
          reason: "a changelog is not a script that can be run as it is",
          remedy: "Write each change set's SQL to a file of its own; liquibase update-sql prints it."
        })
      )
}

const isChangelog = (listing: Listing, path: string): boolean => {
  const pattern = /\.sql$/i.test(path) ? formattedSql : mayBeChangelog(path) ? changelog : undefined
  return pattern?.test(Either.getOrElse(listing.text(path), () => "")) ?? false
}

const formattedSql = /^\uFEFF?\s*--\s*liquibase\s+formatted\s+sql\b/i

const changelog = /databaseChangeLog/
