/**
 * The findings for programs: JSON of a shape with a version, annotations of GitHub's workflows, and SARIF 2.1.0.
 *
 * Sources: GitHub, Workflow commands (`toolkit/packages/core/src/command.ts` has the escapes); OASIS, SARIF 2.1.0.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import type { Finding, Report } from "./Finding.js"
import * as Rule from "./Rule.js"

/**
 * JSON: `{ "version": 1, "files": […], "findings": [{ file, line, column, statement, rule, severity, why, cheapSince,
 * saferWay: { sentence, files }, accepted }] }`. `cheapSince` is a version or `null`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const json = ({ files, findings }: Report): string =>
  JSON.stringify(
    {
      version: 1,
      files,
      findings: findings.map(({ cheapSince, isAccepted, ...finding }) => ({
        ...finding,
        cheapSince: Option.getOrNull(cheapSince),
        accepted: isAccepted
      }))
    },
    undefined,
    2
  )

const commands: Readonly<Record<Rule.Severity, string>> = { error: "error", warning: "warning", note: "notice" }

const data = (text: string): string => text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A")

const property = (text: string): string => data(text).replace(/:/g, "%3A").replace(/,/g, "%2C")

/** A line of GitHub's workflow commands for each finding that is not accepted. @since 0.1.0 @category rendering */
export const github = ({ findings }: Report): string =>
  findings
    .filter(({ isAccepted }) => !isAccepted)
    .map(
      (finding) =>
        `::${commands[finding.severity]} file=${property(finding.file)},line=${finding.line},col=${finding.column},` +
        `title=${property(finding.rule)}::${data(messageOf(finding))}`
    )
    .join("\n")

const messageOf = ({ saferWay, why }: Finding): string =>
  [why, `Safer: ${saferWay.sentence}`, ...saferWay.files.map((text) => text.trimEnd())].join("\n")

/** The page of a rule. @since 0.1.0 @category rendering */
export const helpUri = ({ id }: Rule.Rule): string => `https://www.npmjs.com/package/effect-auto-migration#${id}`

/** SARIF 2.1.0 with one run. An accepted finding is a suppressed result. @since 0.1.0 @category rendering */
export const sarif = ({ findings }: Report, { version }: { readonly version?: string } = {}): string =>
  JSON.stringify(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: {
            driver: {
              name: "effect-auto-migration",
              ...(version === undefined ? {} : { version }),
              informationUri: "https://www.npmjs.com/package/effect-auto-migration",
              rules: Rule.all.map(ruleOf)
            }
          },
          columnKind: "unicodeCodePoints",
          results: findings.map(resultOf)
        }
      ]
    },
    undefined,
    2
  )

const ruleOf = (rule: Rule.Rule) => ({
  id: rule.id,
  shortDescription: { text: rule.why },
  help: { text: `${rule.why} Safer: ${rule.safer}` },
  helpUri: helpUri(rule),
  defaultConfiguration: { level: rule.severity }
})

const resultOf = (finding: Finding) => ({
  ruleId: finding.rule,
  ruleIndex: Rule.all.findIndex(({ id }) => id === finding.rule),
  level: finding.severity,
  message: { text: messageOf(finding) },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(finding.file) },
        region: { startLine: finding.line, startColumn: finding.column }
      }
    }
  ],
  ...(finding.isAccepted ? { suppressions: [{ kind: "inSource" }] } : {})
})

/** A path as a reference of a URI, relative unless the path is absolute. */
const uriOf = (file: string): string =>
  file
    .replace(/\\/g, "/")
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/")
    .replace(/^\//, "file:///")
