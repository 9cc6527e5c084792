/**
 * The state of the migrations, as JSON and as a page.
 *
 * @internal
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as AutoMigration from "../AutoMigration.js"
import * as MigrationWarning from "../core/migration/MigrationWarning.js"
import * as Page from "./Page.js"

/** The version of the shape that {@link json} gives. @since 0.1.0 @category constants */
export const version = 1

const warningsOf = ({ warnings }: AutoMigration.Status): ReadonlyArray<string> => warnings.map(MigrationWarning.render)

/** @since 0.1.0 @category constructors */
export const json = (status: AutoMigration.Status): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.unsafeJson(
    { version, ...status, warnings: warningsOf(status) },
    { headers: { "cache-control": "no-store", vary: "Accept" } }
  )

const section = (title: string, texts: ReadonlyArray<string>): Page.Html =>
  Page.html`<section><h2>${title} (${texts.length})</h2>${Page.list(texts)}</section>`

/** A section that stands only where there is something to tell. */
const notice = (title: string, texts: ReadonlyArray<string>): Page.Html =>
  texts.length === 0 ? Page.none : section(title, texts)

/** @since 0.1.0 @category constructors */
export const page = (status: AutoMigration.Status): HttpServerResponse.HttpServerResponse =>
  Page.respond(
    {
      title: "Migrations",
      body: Page.html`${[
        section("Pending", status.pending),
        section("Applied", status.applied),
        notice("Edited after they were applied", status.edited),
        notice(
          "Renamed",
          status.renamed.map(({ from, to }) => `${from} is now ${to}`)
        ),
        notice("Pending, before an applied one", status.overtaken),
        notice("Applied, and not in this program", status.unknown),
        notice("Held", status.held),
        notice(
          "Recorded by other tools",
          status.elsewhere.map(
            ({ due, recorded, table, tool }) =>
              `${tool}, ${table}: ${recorded ?? "unreadable"}; to adopt: ${due.length}`
          )
        ),
        notice("Warnings", warningsOf(status))
      ]}`
    },
    { status: 200 }
  )
