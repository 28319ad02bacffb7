! Gaussian elimination with pivots, a product of matrices, and a sum with a function of the module.
subroutine solve(a, b, n)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n,n), b(n)
  integer :: j, k, pivot
  real(8) :: row(n), value
  do k = 1, n
    pivot = k - 1 + maxloc(abs(a(k:n,k)), 1)
    row = a(k,:); a(k,:) = a(pivot,:); a(pivot,:) = row
    value = b(k); b(k) = b(pivot); b(pivot) = value
    a(k+1:n,k) = a(k+1:n,k) / a(k,k)
    do j = k + 1, n
      a(k+1:n,j) = a(k+1:n,j) - a(k+1:n,k) * a(k,j)
    end do
    b(k+1:n) = b(k+1:n) - a(k+1:n,k) * b(k)
  end do
  do k = n, 1, -1
    b(k) = b(k) / a(k,k)
    b(1:k-1) = b(1:k-1) - a(1:k-1,k) * b(k)
  end do
end subroutine

subroutine multiply(a, b, c, n)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a(n,n), b(n,n)
  real(8), intent(out) :: c(n,n)
  integer :: i, j, k
  c = 0
  do j = 1, n
    do k = 1, n
      do i = 1, n
        c(i,j) = c(i,j) + a(i,k) * b(k,j)
      end do
    end do
  end do
end subroutine
