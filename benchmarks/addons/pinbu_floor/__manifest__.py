{
    "name": "Pinbu Benchmark Floors",
    "summary": "Two routes to measure others by; loaded by a benchmark's server, never installed",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Pinbu",
    "depends": ["web"],
}
