/**
 * Registers the steps: once for all feature files of a process, which runs this file before each of them.
 */
import "./steps.js"
