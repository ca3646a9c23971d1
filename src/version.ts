/** This package's version, as brokers are told it (KIP-511); a test holds it to package.json. */
export const version = '0.1.0'
