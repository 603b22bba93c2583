/* net */
typedef int net_is_empty;
