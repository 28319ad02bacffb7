! What waves travel in, and one step of theirs.
module medium
  implicit none
  integer, parameter :: dp = kind(1d0)
  type :: field
    real(dp), allocatable :: now(:,:), before(:,:), speed(:,:)
  end type
contains
  subroutine make(this, n)
    type(field), intent(out) :: this
    integer, intent(in) :: n
    integer :: i, j
    allocate(this%now(n,n), this%before(n,n), this%speed(n,n))
    do j = 1, n
      do i = 1, n
        this%now(i,j) = real(mod(i * 7 + j * 3, 11), dp) / 16
        this%speed(i,j) = 0.1_dp + real(mod(i + j, 5), dp) / 64
      end do
    end do
    this%before = this%now
  end subroutine

  subroutine step(this, next)
    type(field), intent(inout) :: this
    real(dp), intent(inout) :: next(:,:)
    integer :: i, j
    do j = 2, size(next, 2) - 1
      do i = 2, size(next, 1) - 1
        next(i,j) = 2 * this%now(i,j) - this%before(i,j) + this%speed(i,j) * &
          (this%now(i-1,j) + this%now(i+1,j) + this%now(i,j-1) + this%now(i,j+1) - 4 * this%now(i,j))
      end do
    end do
    this%before = this%now
    this%now = next
  end subroutine

  pure real(dp) function weight(i, j)
    integer, intent(in) :: i, j
    weight = 1 / real(i + j, dp)
  end function
end module
