/* Plain CBLAS names, forwarded to the prefixed ones of the OpenBLAS in scipy's wheel (32-bit integers). */
#define MATRICES const void *a, int lda, const void *b, int ldb

#define FORWARD(name, scalar)                                                                                        \
  void scipy_##name(int order, int trans_a, int trans_b, int m, int n, int k, scalar alpha, MATRICES, scalar beta,  \
                    void *c, int ldc);                                                                               \
  void name(int order, int trans_a, int trans_b, int m, int n, int k, scalar alpha, MATRICES, scalar beta, void *c, \
            int ldc) {                                                                                               \
    scipy_##name(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);                            \
  }

FORWARD(cblas_sgemm, float)
FORWARD(cblas_dgemm, double)
FORWARD(cblas_cgemm, const void *)
