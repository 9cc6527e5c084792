// Runs main.ts without a trace: the compiler keeps no cache.
process.env.TSX_DISABLE_CACHE = "1"
const { register } = await import("tsx/esm/api")
register()
await import("./main.ts")
