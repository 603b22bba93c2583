/*
 * What people ask for over the admin port, carried out in one transaction each. Errors: those
 * of the store, and ERR_NOT_FOUND or ERR_CONFLICT for a promotion that is not there or not
 * clear; a refusal is no error but the request's outcome.
 */
#ifndef ENGINE_ORDERS_INT_H
#define ENGINE_ORDERS_INT_H

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine.h"
#include "lanes_int.h"

/* Every order but ENGINE_REPLAY, which needs the journal. Inside the caller's transaction. */
MUST_CHECK bool orders_carry_out(struct lanes *lanes, struct engine_request *request,
                                 struct err *err);

#endif
