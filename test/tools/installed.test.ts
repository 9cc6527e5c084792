import { installed } from "./Installed.js"
import { taking } from "./Taking.js"

installed.forEach(taking)
