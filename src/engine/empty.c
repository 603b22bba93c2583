/* engine */
typedef int engine_is_empty;
