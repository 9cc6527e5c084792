import { byHand } from "./ByHand.js"
import { taking } from "./Taking.js"

byHand.forEach(taking)
