/** What the registry answers when it can't do what it is asked to; the codes are Confluent's. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly errorCode: number

  constructor(errorCode: number, message: string) {
    super(message)
    this.errorCode = errorCode
    // 40401 is a 404 with more to say.
    this.status = errorCode > 999 ? Math.floor(errorCode / 100) : errorCode
  }
}

export const refusals = {
  badRequest: (why: string) => new Refusal(400, why),
  unknownPath: () => new Refusal(404, 'HTTP 404 Not Found'),
  unknownMethod: () => new Refusal(405, 'HTTP 405 Method Not Allowed'),
  tooLarge: (limit: number) => new Refusal(413, `The request has more than ${limit} bytes`),
  incompatible: (subject: string, reasons: readonly string[]) =>
    new Refusal(
      409,
      'Schema being registered is incompatible with an earlier schema for subject ' +
        `"${subject}", details: [${reasons.join(', ')}]`,
    ),
  subjectNotFound: (subject: string) => new Refusal(40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number) => new Refusal(40402, `Version ${version} not found.`),
  schemaNotFound: (what?: string | number) =>
    new Refusal(40403, what === undefined ? 'Schema not found' : `Schema ${what} not found`),
  subjectSoftDeleted: (subject: string) =>
    new Refusal(
      40404,
      `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`,
    ),
  subjectNotSoftDeleted: (subject: string) =>
    new Refusal(
      40405,
      `Subject '${subject}' was not deleted first before being permanently deleted`,
    ),
  versionSoftDeleted: (subject: string, version: number) =>
    new Refusal(
      40406,
      `Subject '${subject}' Version ${version} was soft deleted. ` +
        'Set permanent=true to delete permanently',
    ),
  versionNotSoftDeleted: (subject: string, version: number) =>
    new Refusal(
      40407,
      `Subject '${subject}' Version ${version} was not deleted first ` +
        'before being permanently deleted',
    ),
  noConfig: (subject: string) =>
    new Refusal(40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  noMode: (subject: string) =>
    new Refusal(40409, `Subject '${subject}' does not have subject-level mode configured`),
  invalidSchema: (why: string) => new Refusal(42201, `Invalid schema: ${why}`),
  invalidVersion: (version: string) =>
    new Refusal(
      42202,
      `The specified version '${version}' is not a valid version id. ` +
        'Allowed values are between [1, 2^31-1] and the string "latest"',
    ),
  invalidLevel: () =>
    new Refusal(
      42203,
      'Invalid compatibility level. Valid values are NONE, BACKWARD, FORWARD, FULL, ' +
        'BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE and FULL_TRANSITIVE',
    ),
  invalidMode: () =>
    new Refusal(42204, 'Invalid mode. Valid values are READWRITE, READONLY and IMPORT'),
  notPermitted: (why: string) => new Refusal(42205, why),
  referenceExists: (subject: string, version: number) =>
    new Refusal(
      42206,
      `One or more references exist to the schema of subject '${subject}' version ${version}.`,
    ),
  otherId: (id: number) =>
    new Refusal(42207, `The id ${id} belongs to another schema than the one being imported`),
  invalidSubject: (subject: string) =>
    new Refusal(42208, `The specified subject '${subject}' is not valid.`),
  storeError: (why: string) => new Refusal(50001, why),
} as const
