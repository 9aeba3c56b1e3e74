/**
 * Speaks to Crossbook's services: a channel that notices a dead peer, errors as values with their details, and
 * opportunities that are followed through restarts of either side. The services' own messages and stubs are in {@code
 * crossbook.v1}, generated from the protos.
 */
package crossbook.client;
