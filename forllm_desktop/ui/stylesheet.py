"""The short style sheet for what a palette cannot say: buttons, inputs, tabs, heads, scroll bars, menus."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forllm_desktop.ui.theme import Theme

_SHEET = """
QWidget { outline: none; }
QMainWindow, QMainWindow::separator { background: $window; }
QMainWindow::separator { width: 1px; height: 1px; background: $line; }
QToolTip { background: $text; color: $surface; border: none; padding: 4px 8px; font-size: $caption; }

QPushButton { background: $button; border: 1px solid $line_strong; border-radius: 6px; padding: 0 12px;
    min-height: $button_height; font-weight: 500; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:disabled { color: $disabled; border-color: $line; }
QPushButton[kind="primary"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[kind="primary"]:disabled { background: $hover; border-color: $hover; color: $disabled; }
QPushButton[kind="quiet"], QToolButton { background: transparent; border: 1px solid transparent; }
QPushButton[kind="quiet"] { padding: 0 8px; }
QPushButton[kind="quiet"]:hover, QToolButton:hover { background: $hover; }
QPushButton[kind="quiet"]:pressed, QToolButton:pressed { background: $pressed; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent_text;
    font-weight: 400; }
QPushButton[kind="link"]:hover { background: $hover; }
QPushButton[kind="danger"] { color: $danger; }
QPushButton[kind="danger"]:hover { background: $danger_soft; }
QPushButton[kind="delete"] { background: $danger_fill; border-color: $danger_fill; color: $on_accent; }
QPushButton[size="small"] { min-height: $small_height; padding: 0 8px; border-radius: 4px; }
QPushButton[role="filter"] { color: $text_2; font-weight: 400; }
QPushButton[role="filter"]:checked { background: $accent_soft; color: $accent_text; font-weight: 500; }
QPushButton[ring="true"]:focus { border-color: $accent_text; }
QToolButton { border-radius: 6px; padding: 4px; }
QToolButton:checked { background: $accent_soft; color: $accent_text; }
QToolButton[kind="pane"]:checked { background: transparent; }
QToolButton[kind="pane"]:checked:hover { background: $hover; }
QToolButton[ring="true"]:focus { border-color: $accent_text; }
QToolButton::menu-indicator { image: none; }

QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox { background: $surface; border: 1px solid $line_strong;
    border-radius: 6px; padding: 0 8px; min-height: $button_height; selection-background-color: $accent_soft;
    selection-color: $text; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid $accent_text;
    padding: 0 7px; }
QLineEdit[invalid="true"] { border-color: $danger; }
QLineEdit:disabled, QComboBox:disabled { color: $disabled; background: $window; border-color: $line; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line_strong; border-radius: 6px;
    selection-background-color: $accent_soft; selection-color: $text; padding: 4px; }
QPlainTextEdit, QTextEdit { background: $surface; border: none; selection-background-color: $accent_soft;
    selection-color: $text; }

QMenu { background: $raised; border: 1px solid $line_strong; border-radius: 8px; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 8px; min-height: $menu_row; border-radius: 6px; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 0; }
QMenu::icon { padding-left: 8px; }
QMenuBar { background: $window; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }

#tab_head { background: $window; border-bottom: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $text_2; border: none; border-right: 1px solid $line;
    border-bottom: 1px solid $line; padding: 0 8px 0 12px; }
QTabBar::tab:hover { background: $hover; }
QTabBar::tab:selected { background: $surface; color: $text; border-bottom-color: $surface; }
QTabBar::tab:focus { color: $accent_text; }
QTabBar QToolButton { background: $window; border-radius: 4px; }
QTabBar QToolButton[kind="close"] { background: transparent; padding: 0; }
QTabBar QToolButton[kind="close"]:hover { background: $pressed; }
QTableView[rows="lines"] QHeaderView::section { padding: 0 16px; }
QTableView[rows="lines"]::item { padding: 0 13px; border-bottom: 1px solid $line; }
QTableView[rows="lines"]::item:selected { background: $selected_inactive; color: $text; }
QTableView[rows="lines"]::item:selected:active { background: $accent_soft; }

QHeaderView { background: $surface; border: none; }
QHeaderView::section { background: $surface; color: $text_3; border: none; border-bottom: 1px solid $line;
    padding: 0 8px; min-height: $head_height; font-size: $caption; font-weight: 500; text-align: left; }
QHeaderView::section:first { padding-left: 16px; }
QTreeView, QListView, QTableView { background: transparent; border: none; }
QTableView { background: $surface; gridline-color: $line; }
QScrollArea { background: transparent; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover { background: $control; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $line; }
QProgressBar { background: $neutral_soft; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QStatusBar { background: $window; color: $text_3; font-size: $caption; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
"""


def stylesheet(theme: "Theme") -> str:
    """Return the style sheet in the colours and sizes of a theme."""
    names = {**vars(theme.tokens)}
    names["button"] = theme.tokens.raised if theme.is_dark else theme.tokens.surface
    names["caption"] = f"{theme.font('caption').pointSizeF():.2f}pt"
    # Heights in a style sheet are those of the content, without the border.
    names["button_height"] = f"{theme.row(28) - 2}px"
    names["small_height"] = f"{theme.row(24, 'small') - 2}px"
    names["head_height"] = f"{max(23, theme.line_height('caption') + 4)}px"
    names["menu_row"] = f"{max(20, theme.line_height('ui'))}px"
    sheet = _SHEET
    for name in sorted(names, key=len, reverse=True):
        sheet = sheet.replace(f"${name}", names[name])
    return sheet
