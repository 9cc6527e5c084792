/** Umzug over files of SQL, with its table kept by Sequelize: `umzug.mjs <url> <what its command line takes>`. */
import { readFileSync } from "node:fs"
import { Sequelize } from "sequelize"
import { SequelizeStorage, Umzug } from "umzug"

const [url, ...args] = process.argv.slice(2)
const sequelize = new Sequelize(url, { logging: false })
const umzug = new Umzug({
  migrations: {
    glob: "migrations/*.sql",
    resolve: ({ name, path }) => ({ name, up: () => sequelize.query(readFileSync(path, "utf8")) })
  },
  storage: new SequelizeStorage({ sequelize }),
  logger: undefined
})
const done = await umzug.runAsCLI(args)
await sequelize.close()
if (!done) process.exitCode = 1
