// Package franz pins the version of franz-go whose own tests are run: see broker-franz.test.ts.
package franz

import _ "github.com/twmb/franz-go/pkg/kgo"
