/* cfg */
typedef int cfg_is_empty;
