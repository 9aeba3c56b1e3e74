// Package crossbook speaks to Crossbook's services: a connection that notices a dead peer, errors as values with their
// details, and opportunities that are followed through restarts of either side. The services' own messages and
// clients are in crossbookv1, generated from the protos.
package crossbook
